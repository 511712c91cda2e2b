"""Numbers to LaTeX: each formula as symbols and with the live numbers put in."""
