"""What runs a network: devices, random generators, the tape of recorded operators, files."""
