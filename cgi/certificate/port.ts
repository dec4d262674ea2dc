/** What the numbers of the certificate of HTTPS need from above. The key of it never comes back out of there. */
export interface CertificateShown {
  readonly subject: string;
  readonly issuer: string;
  /** Names and addresses that it holds for. */
  readonly names: readonly string[];
  /** SHA-256, as browsers show it: `AB:CD:…`. */
  readonly fingerprint: string;
  /** Epoch milliseconds. */
  readonly from: number;
  readonly until: number;
  /** Made by the box itself. */
  readonly selfSigned: boolean;
  /** `EC P-256`, `RSA 2048`. */
  readonly key: string;
  /** What is wrong with the files, or the certificate; null: nothing. */
  readonly why: string | null;
  /** The certificate and those that vouch for it. */
  readonly pem: string;
}

export interface Certificates {
  show(): Promise<CertificateShown>;
  /**
   * Puts another in its place, at once and for good; connections that are there go on.
   * @param pair PEM: the certificate first, then those that vouch for it.
   * @throws {CgiError} `invalid`, naming `certificate` or `key`; `disk_full`.
   */
  install(pair: { readonly certificate: string; readonly key: string }): Promise<CertificateShown>;
  /** Makes a new one of the box's own, with a new key. */
  renew(): Promise<CertificateShown>;
}
