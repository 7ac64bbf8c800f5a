"""Sends a batch with the client of openapi-python-client."""

import json
import sys

from contact_hub_client import AuthenticatedClient
from contact_hub_client.api.erp import modify_batch_of_contacts
from contact_hub_client.models import BatchReply, ContactDocument

base_url, token, batch = sys.argv[1:]
client = AuthenticatedClient(base_url=base_url, token=token)
with open(batch, encoding="utf-8") as file:
    contacts = [ContactDocument.from_dict(contact) for contact in json.load(file)]

answer = modify_batch_of_contacts.sync(client=client, body=contacts)

assert isinstance(answer, BatchReply), answer
stored = [(item.error, item.fresh_data.last_name, item.fresh_row.version) for item in answer.items]
assert stored == [(False, "Rochat", 1)], answer
