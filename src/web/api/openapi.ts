import { z } from "zod";
import { createDocument, type ZodOpenApiOperationObject } from "zod-openapi";
import {
  importQuery,
  importReport,
  inventoryProblem,
  lookup,
  lookupQuery,
} from "./inventory-schemas.js";
import {
  incident,
  incidentsQuery,
  monitor,
  monitorsQuery,
  pageOf,
  problem,
  statement,
} from "./schemas.js";

const failure = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: problem } },
});

const reading = (
  summary: string,
  schema: z.ZodType,
  rest: ZodOpenApiOperationObject["requestParams"],
) => ({
  summary,
  security: [{ bearer: [] }],
  ...(rest && { requestParams: rest }),
  responses: {
    "200": { description: "Found.", content: { "application/json": { schema } } },
    "400": failure("A parameter is not as expected."),
    "401": failure("No token, or an unknown one."),
    "403": failure("The token's role may not read."),
    "404": failure("There is none."),
    "503": failure("The database is away; try again."),
  },
});

const byId = { path: z.object({ id: z.string() }) };

/** The description of `/api/v1`, generated from the schemas that validate it. */
export const openApiDocument = (serverUrl: string) =>
  createDocument({
    openapi: "3.1.0",
    info: {
      title: "Tudunk",
      version: "1",
      description:
        "Monitors and incidents. Instants are ISO 8601; errors are problem documents (RFC 9457).",
    },
    servers: [{ url: `${serverUrl}/api/v1` }],
    components: { securitySchemes: { bearer: { type: "http", scheme: "bearer" } } },
    paths: {
      "/monitors": {
        get: reading("Monitors under watch, by id", pageOf(monitor), { query: monitorsQuery }),
      },
      "/monitors/{id}": { get: reading("One monitor", monitor, byId) },
      "/incidents": {
        get: reading("Incidents, newest first", pageOf(incident), { query: incidentsQuery }),
      },
      "/incidents/{id}": { get: reading("One incident", incident, byId) },
      "/incidents/{id}/updates": {
        post: {
          summary: "Say how an incident stands, to staff or to customers too",
          security: [{ bearer: [] }],
          requestParams: byId,
          requestBody: { content: { "application/json": { schema: statement } } },
          responses: {
            "201": {
              description: "Said; the incident as it now is.",
              content: { "application/json": { schema: incident } },
            },
            "400": failure("The statement is not as expected."),
            "401": failure("No token, or an unknown one."),
            "403": failure("The token's role may not speak for us."),
            "404": failure("There is none."),
            "409": failure("The incident is over."),
            "503": failure("The database is away; try again."),
          },
        },
      },
      "/inventory": {
        put: {
          summary: "Say who lives on what: all at once, or one source's part of it",
          description:
            "JSON replaces everything; a panel's or billing's file replaces what the same source said before. All or nothing. See docs/inventory.md for the formats.",
          security: [{ bearer: [] }],
          requestParams: { query: importQuery },
          requestBody: {
            content: {
              "application/json": { schema: z.looseObject({}) },
              "text/csv": { schema: z.string() },
              "text/plain": { schema: z.string() },
            },
          },
          responses: {
            "200": {
              description: "Applied – or, with `dryRun`, shown – with what changes.",
              content: { "application/json": { schema: importReport } },
            },
            "400": failure("A parameter is not as expected, or the file is too long."),
            "401": failure("No token, or an unknown one."),
            "403": failure("The token's role may not change the inventory."),
            "409": failure("More than a fifth of the source's domains would go; see `force`."),
            "422": {
              description: "The file has mistakes; nothing was changed.",
              content: { "application/problem+json": { schema: inventoryProblem } },
            },
            "503": failure("The database is away; try again."),
          },
        },
      },
      "/inventory/lookup": {
        get: reading("Who or what this is, and what it lives on", lookup, { query: lookupQuery }),
      },
    },
  });
