"""Small services that tests run as processes of their own; each writes what it did to a file."""
