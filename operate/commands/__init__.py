"""What an operator types: each module is a group of commands, a thin layer over the others."""
