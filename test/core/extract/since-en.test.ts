import { expect, test } from "vitest";
import { differing } from "./since-reading.js";

const ROWS = [
  // the clock
  ["Mail has not been arriving since 11", "05-20 11:00 hour"],
  ["Since eleven o'clock nobody can log in.", "05-20 11:00 hour"],
  ["The shop is down since 8:15", "05-20 08:15 minute"],
  ["The shop is down since 11 am", "05-20 11:00 hour"],
  ["Our site has been unreachable since 2pm", "05-20 14:00 hour"],
  ["500 errors since 13:05", "05-20 13:05 minute"],
  ["since about 1 we get no mail", "05-20 13:00 hour"],
  ["Since half past two all pages time out", "05-20 14:30 hour"],
  ["not a single mail since half six", "05-20 06:30 hour"],
  ["Since quarter to nine the webmail says error", "05-20 08:45 hour"],
  ["since a quarter past ten nothing loads", "05-20 10:15 hour"],
  ["Since ten to nine nothing loads", "05-20 08:50 hour"],
  ["It started around 1:30 this afternoon, everything is slow", "05-20 13:30 hour"],
  ["At 9:40 I tried to send and got 535", "05-20 09:40 minute"],
  ["The panel stopped working at 9:40 pm yesterday", "05-19 21:40 minute"],
  ["Since noon today orders fail", "05-20 12:00 hour"],
  ["Down since midnight", "05-20 00:00 hour"],
  ["Between 8 and 9 this morning the site was down", "05-20 08:00 hour"],
  ["Shortly after 9 the database died", "05-20 09:05 hour"],
  ["nothing works since 10ish", "05-20 10:00 hour"],
  // how long
  ["For two hours now no mail gets out", "05-20 12:40 hour"],
  ["The site has been down for about 20 minutes", "05-20 14:20 minute"],
  ["Down for half an hour already", "05-20 14:10 minute"],
  ["Our mail server refuses logins for the last hour", "05-20 13:40 hour"],
  ["An hour and a half ago the shop broke", "05-20 13:10 hour"],
  ["It broke two hours ago.", "05-20 12:40 hour"],
  ["Website not reachable. 15 mins.", "05-20 14:25 minute"],
  ["I can't log in for three days", "05-17 00:00 day"],
  ["for days we have had trouble sending", "05-17 00:00 vague"],
  ["The admin has been slow for a few days", "05-17 00:00 vague"],
  ["it has been slow for weeks", "05-06 00:00 vague"],
  ["Lately the site is terribly slow", "? vague"],
  // days and their parts
  ["Since this morning we cannot send anything", "05-20 07:00 part-of-day"],
  ["Nothing arrives since early this morning", "05-20 06:00 part-of-day"],
  ["Broken since yesterday afternoon.", "05-19 13:00 part-of-day"],
  ["down since last night", "05-19 22:00 part-of-day"],
  ["Yesterday evening the shop stopped accepting payments", "05-19 18:00 part-of-day"],
  ["Since yesterday I get certificate warnings", "05-19 00:00 day"],
  ["It is failing since the day before yesterday", "05-18 00:00 day"],
  ["Since Monday the contact form does not deliver", "05-18 00:00 day"],
  ["since Sunday evening no backups, they fail", "05-17 18:00 part-of-day"],
  ["Mail is bouncing since May 12", "05-12 00:00 day"],
  ["mail is bouncing since 12 May", "05-12 00:00 day"],
  ["mail is bouncing since 2026-05-12", "05-12 00:00 day"],
  ["mail is bouncing since 5/19", "05-19 00:00 day"],
  ["It has been failing since last week", "05-13 14:40 vague"],
  ["since the weekend everything is slow", "05-16 00:00 vague"],
  ["Emails have been failing all day", "05-20 00:00 day"],
  ["The shop is not loading today", "05-20 00:00 day"],
  // what still worked
  ["Yesterday evening it still worked fine, now it is down", "? vague after 05-19 18:00"],
  ["It worked until noon, now I get errors", "05-20 12:00 hour after 05-20 12:00"],
  ["Ten minutes ago it still worked.", "05-20 14:30 minute after 05-20 14:30"],
  ["I updated a plugin this morning and since then the page is blank", "05-20 07:00 part-of-day"],
  ["since I changed the theme yesterday the page is blank", "05-19 00:00 day"],
  // slips
  ["not working sinec yesteday", "05-19 00:00 day"],
  ["no mail since this mornign", "05-20 07:00 part-of-day"],
  ["Has been down a good 45 minutes", "05-20 13:55 minute"],
  ["Site's been dead about an hour", "05-20 13:40 hour"],
  [
    "Last successful delivery was at 09:13, after that everything is deferred",
    "05-20 09:13 minute",
  ],
] as const;

const NONE = [
  "Our support line is open Mon-Fri 8-16, and the site is down.",
  "Call me back at 06 30 123 4567, nothing works.",
  "Please call between 9 and 11 tomorrow, mail is broken.",
  "It takes two minutes to log in",
  "The certificate expires in 3 days",
  "Good morning, our mail is down.",
  "Good afternoon! I cannot log in. Have a nice day",
  "Pages take 40 seconds to load.",
  "We need this fixed before noon, nothing works.",
  "It logs me out every 5 minutes.",
  "It has been working again since noon, thank you!",
  "Since yesterday everything is fine.",
  "Since Monday we have a new office, please change the address on the invoice.",
  "We have been customers since 2011.",
  "Please renew our domain for 3 years.",
  "The webinar starts at 17:00, the site must be up by then!",
  "Tomorrow morning we launch, is anything broken?",
  "Our IP is 192.0.2.14 and it is blocked.",
  "We need PHP 8.15 because 7.4 fails.",
  "How do I add a mailbox for two colleagues?",
  "Error 500 on all 3 sites.",
  "One of our clients cannot open the site.",
  "May I ask why the site is down?",
];

test("English customers say since when in many ways", () => {
  expect(differing("en", ROWS)).toEqual([]);
});

test("English texts without a beginning give none", () => {
  expect(
    differing(
      "en",
      NONE.map((text) => [text, "none"] as const),
    ),
  ).toEqual([]);
});
