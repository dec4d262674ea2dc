/**
 * 30046 (ours): another certificate for HTTPS, its owner's or a new one of the box's own. A key that has gone over the line
 * in clear is no secret any more, so it is taken by HTTPS alone, or from the box itself.
 */
import * as v from 'valibot';
import { isBoxItself } from '../../storage/model/address.ts';
import type { CertificateInfo } from '../contract.ts';
import * as fields from '../fields.ts';
import { CgiError, json } from '../reply.ts';
import { by, verb } from '../verb.ts';
import { certificateInfo } from './show.ts';

/** Characters: a long chain has 20,000. */
const PEM_MAX = 100_000;

const pem = (about: string) =>
  fields.field(about, (text) => {
    if (text.length > PEM_MAX) throw new fields.Wrong(`must be at most ${PEM_MAX} characters`);
    return text.trim() === '' ? undefined : `${text.trim()}\n`;
  });

export const installCertificate = verb({
  about: 'put in another certificate for HTTPS with its key, by HTTPS only; or new=1: a new self-signed one',
  right: 'settings',
  parameters: v.strictObject({
    certificate: pem('PEM: the certificate, then those that vouch for it'),
    key: pem('PEM: its private key, without a passphrase'),
    new: fields.flag('make a new self-signed one, with a new key'),
  }),
  async handle({ certificate, key, new: fresh }, services, asking) {
    const who = by(asking);
    const { certificates, store } = services;
    if (fresh) {
      if (certificate ?? key) throw new CgiError('invalid', 'new is given beside a certificate', 'new');
    } else {
      if (!certificate) throw new CgiError('invalid', 'certificate is missing', 'certificate');
      if (!key) throw new CgiError('invalid', 'key is missing', 'key');
      if (!asking.secure && !isBoxItself(asking.address))
        throw new CgiError('conflict', 'key: over plain HTTP it would be read on its way: log in by HTTPS', 'key');
    }
    const shown = certificate && key ? await certificates.install({ certificate, key }) : await certificates.renew();
    const detail = { subject: shown.subject, fingerprint: shown.fingerprint, self_signed: shown.selfSigned };
    await store.write({ kind: 'audit', audit: { ...who, action: 'certificate.set', detail } });
    return json<CertificateInfo>(certificateInfo(shown, services));
  },
});
