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
  maintenance,
  maintenancesQuery,
  newMaintenance,
  workStatement,
} from "./maintenance-schemas.js";
import {
  accepted,
  linkBody,
  newIncident,
  newReport,
  report,
  suspicion,
  suspicionsQuery,
  ticket,
  ticketsQuery,
} from "./report-schemas.js";
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

/** What staff decide: its body, what comes of it, and why it may be refused. */
const deciding = (
  summary: string,
  body: z.ZodType,
  status: "200" | "201",
  result: z.ZodType,
  refused: string,
  requestParams: ZodOpenApiOperationObject["requestParams"] = byId,
) => ({
  summary,
  security: [{ bearer: [] }],
  ...(requestParams && { requestParams }),
  requestBody: { content: { "application/json": { schema: body } } },
  responses: {
    [status]: {
      description: "Done; how it now is.",
      content: { "application/json": { schema: result } },
    },
    "400": failure("The body is not as expected."),
    "401": failure("No token, or an unknown one."),
    "403": failure("The token's role may not do this."),
    "404": failure("There is none."),
    "409": failure(refused),
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
        post: deciding(
          "Open an incident that no probe sees",
          newIncident,
          "201",
          incident,
          "One of this component is open already.",
          {},
        ),
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
      "/maintenances": {
        get: reading("Planned work, the latest first", pageOf(maintenance), {
          query: maintenancesQuery,
        }),
        post: deciding("Plan work", newMaintenance, "201", maintenance, "Never.", {}),
      },
      "/maintenances/{id}": { get: reading("One maintenance", maintenance, byId) },
      "/maintenances/{id}/updates": {
        post: deciding(
          "Say how planned work goes, move it, end it or call it off",
          workStatement,
          "201",
          maintenance,
          "It is over, would go back, or the configuration says when it is.",
        ),
      },
      "/reports": {
        post: {
          summary: "Hand in what a customer says; it is kept before anything else happens to it",
          description:
            "Open to everybody within limits. With a token of the role source, agent, operator or admin it may say whose it is and when it came. The answer waits up to 7 s for what we make of it.",
          security: [{}, { bearer: [] }],
          requestBody: { content: { "application/json": { schema: newReport } } },
          responses: {
            "202": {
              description: "Kept, also where the database is away just now.",
              content: { "application/json": { schema: accepted } },
            },
            "400": failure("The report is not as expected."),
            "401": failure("An unknown token."),
            "403": failure("The token's role may not hand in reports."),
            "409": failure("Another report has this id already."),
            "429": failure("Too many from one address."),
            "503": failure("It could not be kept; send it again."),
          },
        },
      },
      "/reports/{id}": { get: reading("One report: what was understood, and why", report, byId) },
      "/tickets": {
        get: reading("Tickets, newest first", pageOf(ticket), { query: ticketsQuery }),
      },
      "/tickets/{id}/link": {
        post: deciding("Link a ticket to an incident", linkBody, "200", ticket, "Never."),
      },
      "/tickets/{id}/unlink": {
        post: deciding("Undo a link", linkBody, "200", ticket, "Never."),
      },
      "/suspicions": {
        get: reading("What reports alone make us suspect, newest first", pageOf(suspicion), {
          query: suspicionsQuery,
        }),
      },
      "/suspicions/{id}": { get: reading("One suspicion", suspicion, byId) },
      "/suspicions/{id}/confirm": {
        post: deciding(
          "Make an incident of it, with its reports linked",
          newIncident,
          "201",
          incident,
          "It is decided already, or an incident of this cause is open.",
        ),
      },
      "/suspicions/{id}/merge": {
        post: deciding(
          "Say which incident it is",
          linkBody,
          "200",
          suspicion,
          "It is decided already.",
        ),
      },
      "/suspicions/{id}/dismiss": {
        post: deciding(
          "Say that it was nothing; the like is raised less easily",
          z.strictObject({}),
          "200",
          suspicion,
          "It is decided already.",
        ),
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
