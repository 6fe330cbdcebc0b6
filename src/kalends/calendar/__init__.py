"""The master calendar: one daily dimension that everybody in a company agrees on."""
