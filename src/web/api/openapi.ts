import { z } from "zod";
import { createDocument, type ZodOpenApiOperationObject } from "zod-openapi";
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
    },
  });
