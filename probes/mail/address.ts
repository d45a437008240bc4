import { z } from "zod";

export const MAIL_ADDRESS = "expected a mail address such as probe@example.hu";

/** One mail address, strict, as it becomes part of a command. */
export const mailAddress = z
  .string({ error: MAIL_ADDRESS })
  .regex(/^[^\s"<>(),:;@\\\p{Cc}]{1,64}@[^\s"<>(),:;@\\\p{Cc}]{1,253}$/u, { error: MAIL_ADDRESS });
