"""What every adapter needs of the machine: limits of time, and files that are whole or absent."""
