"""Ways out and in: torch modules and their source, symbols from torch modules, safetensors files."""
