/**
 * How HTTPS speaks TLS: 1.2 and 1.3, forward secrecy and authenticated ciphers only (Mozilla's "intermediate" list, 5.7,
 * without DHE). Which of them is the client's choice: a phone without AES in its processor prefers ChaCha20, and so does an
 * ARM box like that.
 */
import { constants } from 'node:crypto';

const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
];

export const TLS = {
  minVersion: 'TLSv1.2',
  ciphers: CIPHERS.join(':'),
  honorCipherOrder: false,
  // A client that asks for new keys again and again would cost us a signature each time.
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
} as const;
