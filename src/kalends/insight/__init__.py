"""Answers: what is counted, asked and measured over a company's marketing data and its calendar."""
