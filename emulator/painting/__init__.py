"""The pictures, sounds and previews that an emulated server makes."""
