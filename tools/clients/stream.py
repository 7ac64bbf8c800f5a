"""Sends a file of lines as one stream, with the library that is named, and prints the answer's last line.

Both libraries send the whole file before they read anything of the answer.
"""

import json
import sys

import httpx
import requests

library, base_url, token, lines = sys.argv[1:]
url = f"{base_url}/v1/contacts/batch?results=all"
headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}


def with_requests():
    with open(lines, "rb") as file:
        answer = requests.post(url, data=file, headers=headers, stream=True, timeout=60)
    answer.raise_for_status()
    return answer.iter_lines()


def with_httpx():
    with open(lines, "rb") as file, httpx.stream(
        "POST", url, content=file, headers=headers, timeout=60
    ) as answer:
        answer.raise_for_status()
        yield from answer.iter_lines()


answered = list({"requests": with_requests, "httpx": with_httpx}[library]())
summary = json.loads(answered[-1])["summary"]
assert summary["items"] == len(answered) - 1, summary
print(json.dumps(summary))
