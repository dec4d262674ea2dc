/** Where a dialect's session lies at the client. Apart from table.ts, which loads the dialects that need this. */

/**
 * Name of the cookie that holds a dialect's session: another one for each base, so that two products never share one.
 * @param dialect Its entry in table.ts, or what stands there.
 */
export function cookieOf({ cookie }: { readonly cookie: string }, base: string): string {
  return base === '' ? cookie : `${cookie}-${base.slice(1).replaceAll('/', '-')}`;
}
