import { parseArgs } from "node:util";
import { createToken, listTokens, revokeToken, ROLES } from "../store/tokens.js";
import { complain, FAILED, Misuse, OK, print, withDatabase, type Command } from "./shell.js";

/** Makes, lists and withdraws tokens for the API. */
export const token: Command = async (args) => {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: { name: { type: "string" }, role: { type: "string" } },
  });
  const [verb = "", id, ...more] = positionals;
  if (verb === "create" && id === undefined) return createNamed(values.name, values.role);
  if (verb === "list" && id === undefined) return list();
  if (verb === "revoke" && id !== undefined && more.length === 0) return revoke(id);
  throw new Misuse("token knows: create --name N --role R, list, revoke ID");
};

async function createNamed(name: string | undefined, wanted: string | undefined): Promise<number> {
  const role = ROLES.find((one) => one === wanted);
  if (!name) throw new Misuse("--name is missing: whose token is it?");
  if (name.length > 100) throw new Misuse("--name: expected up to 100 characters");
  if (!role) throw new Misuse(`--role: expected one of ${ROLES.join(", ")}`);
  print(await withDatabase((db) => createToken(db, { name, role, now: new Date() })));
  return OK;
}

async function list(): Promise<number> {
  for (const { id, name, role, createdAt, lastUsedAt } of await withDatabase(listTokens))
    print(
      [id, role, createdAt.toISOString(), lastUsedAt?.toISOString() ?? "never used", name].join(
        "\t",
      ),
    );
  return OK;
}

async function revoke(text: string): Promise<number> {
  if (!/^\d{1,9}$/.test(text)) throw new Misuse("revoke: expected the number that list prints");
  if (await withDatabase((db) => revokeToken(db, Number(text)))) return OK;
  complain(`there is no token ${text}`);
  return FAILED;
}
