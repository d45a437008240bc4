import { z } from "zod";
import "zod-openapi";
import { FORMATS } from "../../inventory/index.js";

const yes = z
  .enum(["1", "0", "true", "false"])
  .default("0")
  .transform((said) => said === "1" || said === "true");

export const importQuery = z.strictObject({
  format: z
    .enum(Object.keys(FORMATS))
    .optional()
    .meta({ description: "Otherwise seen from the content" }),
  server: z
    .string()
    .max(253)
    .optional()
    .meta({ description: "Whose file it is, where the file does not say" }),
  force: yes.meta({ description: "Also where more than a fifth of the domains would go" }),
  dryRun: yes.meta({ description: "Only show what would change" }),
});

export const lookupQuery = z.strictObject({
  q: z
    .string()
    .trim()
    .min(1)
    .max(254)
    .regex(/^\P{Cc}*$/u, "expected no control characters")
    .meta({
      description:
        "A domain or anything below it, a mail or IP address, an account or service id, a server, the beginning of a company's name",
    }),
});

const named = z.object({ count: z.int(), examples: z.array(z.string()) });
const difference = z
  .object({ total: z.int(), added: named, removed: named, changed: named })
  .meta({ id: "InventoryDifference", description: "The first twenty of each are named" });
const seen = z.array(z.object({ what: z.string(), count: z.int(), examples: z.array(z.string()) }));

export const importReport = z
  .object({
    outcome: z.enum(["applied", "shown", "refused"]),
    source: z.string().meta({ description: "Whose word it is: `json`, `cpanel web3`" }),
    accounts: difference,
    domains: difference,
    places: difference,
    gone: z.object({ gone: z.int(), of: z.int() }).meta({
      description: "How many of the domains that this source named before it names no more",
    }),
    odd: seen,
    ignored: seen,
  })
  .meta({ id: "InventoryImport" });

export const inventoryProblem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number(),
    detail: z.string(),
    count: z.int(),
    mistakes: z
      .array(z.object({ where: z.string(), message: z.string() }))
      .meta({ description: "The first hundred; what stands in the file is never repeated" }),
  })
  .meta({ id: "InventoryProblem" });

const livesOn = z
  .array(z.object({ use: z.enum(["web", "mail", "db", "dns", "shared"]), id: z.string() }))
  .meta({ description: "Servers and services, by what they do" });

export const lookup = z
  .object({
    q: z.string(),
    places: z.array(
      z.object({
        id: z.string(),
        kind: z.enum(["server", "switch", "rack", "location"]),
        hostname: z.string().nullable(),
        addresses: z.array(z.string()),
        role: z.string().nullable(),
        provides: z.array(z.string()),
        accounts: z.int().meta({ description: "How many accounts live on it" }),
        first: z.array(z.object({ id: z.string(), company: z.string() })),
      }),
    ),
    accounts: z.array(
      z.object({
        id: z.string(),
        company: z.string(),
        contacts: z.array(z.string()),
        language: z.string().nullable(),
        timezone: z.string().nullable(),
        php: z.string().nullable(),
        addresses: z.array(z.string()),
        serviceIds: z.array(z.string()),
        by: z.enum(["id", "service", "domain", "contact", "address", "company"]),
        matched: z.string().nullable().meta({ description: "The domain it was found by" }),
        livesOn,
        domainCount: z.int(),
        domains: z.array(
          z.object({
            name: z.string(),
            ascii: z.string(),
            kind: z.enum(["main", "addon", "parked", "alias", "sub", "mail-only"]),
            mail: z.enum(["local", "remote", "unknown"]),
            suspended: z.boolean(),
            livesOn,
          }),
        ),
      }),
    ),
  })
  .meta({ id: "InventoryLookup" });
