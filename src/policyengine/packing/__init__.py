"""Bundles as one file each: packed, signed, and read again without trust in what the file says.

* ``zipping``: bytes of entries to bytes of a zip file and back, with nothing left to choice
* ``packed``: a bundle as entries: its files, a manifest of them, and signatures
* ``signing``: Ed25519 keys, and what they sign
* ``opening``: from a path, folder or packed file, to the files of a bundle
* ``finding``: the bundles that a path stands for
"""
