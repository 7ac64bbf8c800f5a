"""Sends a batch with the Python client of openapi-generator, which checks what it sends and gets."""

import json
import sys

sys.path.insert(0, "generated")
from contact_hub import ApiClient, Configuration, ContactDocument, ERPApi

base_url, token, batch = sys.argv[1:]
configuration = Configuration(host=base_url, access_token=token)
with open(batch, encoding="utf-8") as file:
    contacts = [ContactDocument.from_dict(contact) for contact in json.load(file)]

answer = ERPApi(ApiClient(configuration)).modify_batch_of_contacts(contacts)

stored = [(item.error, item.fresh_data.last_name, item.fresh_row.version) for item in answer.items]
assert stored == [(False, "Rochat", 1)], answer
