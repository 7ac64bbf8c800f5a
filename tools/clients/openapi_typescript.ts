// Sends a batch with the types of openapi-typescript.

import { deepStrictEqual } from "node:assert";
import { readFileSync } from "node:fs";
import { argv } from "node:process";

import createClient from "openapi-fetch";

import type { components, paths } from "./contact_hub.js";

const [baseUrl, token, batch] = argv.slice(2);
const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
const body: components["schemas"]["ContactDocument"][] = JSON.parse(readFileSync(batch, "utf8"));

const { data } = await client.POST("/api-v1/contact/batch", { body });

const stored = data?.items.map((item) => [item.error, item.freshData.lastName, item.freshRow.version]);
deepStrictEqual(stored, [[false, "Rochat", 1]]);
