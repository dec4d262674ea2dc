/** What the number of the support archive needs from above. */
export interface Support {
  /** A tar.gz of texts, without secrets and numbers; some seconds where something hangs. */
  archive(): Promise<{ readonly filename: string; readonly bytes: Uint8Array }>;
}
