/** 30045 (ours): the certificate of HTTPS, for comparing its fingerprint and for handing it to browsers. */
import * as v from 'valibot';
import type { CertificateInfo } from '../contract.ts';
import * as fields from '../fields.ts';
import { json, type Reply } from '../reply.ts';
import { type Services, verb } from '../verb.ts';
import type { CertificateShown } from './port.ts';

export function certificateInfo(shown: CertificateShown, { zone, settings }: Pick<Services, 'zone' | 'settings'>) {
  const { from, until, selfSigned, names, ...rest } = shown;
  const text = (ms: number) => zone.text(Math.floor(ms / 1000));
  const https = settings.list('admin').find(({ name }) => name === 'https.listen')?.value !== '';
  const info: CertificateInfo = {
    ...rest,
    names: [...names],
    from: text(from),
    until: text(until),
    self_signed: selfSigned,
    used: https,
  };
  return info;
}

export const showCertificate = verb({
  about: 'the certificate of HTTPS: names, dates, fingerprint; format=pem: the certificate itself as a file',
  right: 'settings',
  parameters: v.strictObject({ format: fields.oneOf('json', 'pem') }),
  async handle({ format }, services): Promise<Reply> {
    const shown = await services.certificates.show();
    if (format !== 'pem') return json<CertificateInfo>(certificateInfo(shown, services));
    async function* text() {
      yield shown.pem;
    }
    return { kind: 'rows', text: text(), type: 'application/x-pem-file', filename: 'cdrd.pem' };
  },
});
