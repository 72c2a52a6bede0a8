"""The built-in operations, a file per family. Importing a file registers its ops."""
