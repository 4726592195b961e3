"""Prints the address of one of the emulator's Box doors: door.py READY.json api|upload"""

import json
import sys
from urllib.parse import urlsplit

with open(sys.argv[1], encoding="utf-8") as file:
    address = urlsplit(json.load(file)["box"][sys.argv[2]])
print(f"{address.scheme}://{address.netloc}")
