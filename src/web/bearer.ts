import type { NextFunction, Request, RequestHandler, Response } from "express";
import { Problem } from "../errors.js";
import type { Db } from "../store/db.js";
import { findBearer, type Bearer, type Role } from "../store/tokens.js";

/** Everybody of the staff may read. */
export const READERS: readonly Role[] = ["admin", "operator", "agent", "viewer"];

/** Those on duty speak for the company. */
export const SPEAKERS: readonly Role[] = ["admin", "operator"];

/** Lets through who brings a token with one of these roles; 401 without one, 403 with another. */
export function requireRole(db: () => Db, now: () => Date, roles: readonly Role[]): RequestHandler {
  return async (req, res, next) => {
    const bearer = await bearerOf(req, db, now);
    if (!bearer) throw new Problem("unauthorized", "Send the header: Authorization: Bearer TOKEN.");
    if (!roles.includes(bearer.role))
      throw new Problem("forbidden", `A token with the role ${bearer.role} may not do this.`);
    res.locals["bearer"] = bearer.name;
    next();
  };
}

/** The same for programs that know a user name and a password instead: the password is the token. */
export function withBasic(req: Request, _res: Response, next: NextFunction): void {
  const [, encoded] =
    /^Basic ([A-Za-z0-9+/=]{1,1000})$/i.exec(req.headers.authorization ?? "") ?? [];
  if (encoded !== undefined) {
    const [, password] =
      /^[^:]*:([\x21-\x7e]+)$/.exec(Buffer.from(encoded, "base64").toString()) ?? [];
    req.headers.authorization = `Bearer ${password ?? "-"}`;
  }
  next();
}

/** Whose token came with a request; `null` without one. Throws `unauthorized` for one that is not known. */
export async function bearerOf(
  req: Request,
  db: () => Db,
  now: () => Date,
): Promise<Bearer | null> {
  const header = req.headers.authorization;
  if (header === undefined) return null;
  const [, token] = /^Bearer ([\x21-\x7e]+)$/i.exec(header) ?? [];
  if (!token) throw new Problem("unauthorized", "Send the header: Authorization: Bearer TOKEN.");
  const bearer = await findBearer(db(), token, now());
  if (!bearer) throw new Problem("unauthorized", "This token is not known.");
  return bearer;
}

/** The name of the token that was let through: who says what is said. */
export const nameOf = (res: Response): string => String(res.locals["bearer"] ?? "api");
