"""What was found, as tables and sentences of plain text; only the command line prints them."""
