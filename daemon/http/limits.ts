/** The bounds that only this folder knows, beside those of ../limits.ts; together they are what a listener keeps to. */
import { httpLimits as shared } from '../limits.ts';

export const httpLimits = {
  ...shared,
  /** Bytes of a body before its sender has shown who it is: a log-in needs a hundred. */
  strangerBody: 16_384,
  /** Bytes of all bodies being read at a time, four of the largest: 256 connections may not take a gigabyte. */
  bodies: 4 * shared.body,
  /** Requests sent ahead of their answers on one connection; they are answered one after another. */
  pipelined: 32,
  /** Milliseconds without a byte in either direction while an answer is due: so long a listing's search may take. */
  stalledMs: 60_000,
  /** Milliseconds between two looks for requests that are too slow to arrive: Node's own 30 s would treble the bound. */
  lookMs: 5_000,
  /** Milliseconds that what a refused client still sends is thrown away, so that it can read why. */
  lingerMs: 1_000,
} as const;

export type HttpLimits = { readonly [Name in keyof typeof httpLimits]: number };
