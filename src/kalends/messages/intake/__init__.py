"""What comes in: history, captions and pages, from files and from the company's own warehouse."""
