"""What the end-to-end cases share. Standard library only; start with case.py."""
