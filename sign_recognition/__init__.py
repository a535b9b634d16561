"""Hand gesture and sign recognition for robots: camera to robot command."""
