"""The company's own warehouse as a source of history, captions and pages: read there, and then taken in like a file."""
