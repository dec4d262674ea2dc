/** Textos de la lista de sesiones, en dos páginas. */
import type { Translated } from '../../text.ts';
import type { sessions as english } from '../en/sessions.ts';

export const sessions: Translated<typeof english> = {
  title: 'Sesiones abiertas',
  thisOne: 'esta',
  from: (address: string) => `desde ${address}`,
  times: (begun: string, used: string) => `desde el ${begun}, último uso el ${used}`,
  end: 'Cerrar',
  endOf: (user: string, address: string) => `Cerrar la sesión de ${user} desde ${address}`,
  endOthers: 'Cerrar todas mis otras sesiones',
  why: 'Quien la usa tendrá que volver a entrar, y las conexiones abiertas se cierran en el acto.',
  ended: (count: number) => (count === 1 ? 'Se ha cerrado una sesión.' : `Se han cerrado ${count} sesiones.`),
};
