/** Textos de Cuenta. */
import type { Translated } from '../../text.ts';
import type { account as english } from '../en/account.ts';
import { sessions } from './sessions.ts';

export const account: Translated<typeof english> = {
  sessions,
  who: (user: string) => `Usted es ${user}`,
  roles: {
    admin: 'Administrador: puede hacerlo todo.',
    monitor: 'Monitor: cuida de las grabaciones y de lo que se graba.',
  },
  password: {
    title: 'Contraseña',
    initial: 'Su contraseña es todavía la que le dio otra persona. Elija una propia.',
    change: 'Cambiar la contraseña',
    done: 'La contraseña está cambiada y sus otras sesiones se han cerrado.',
  },
  factor: {
    title: 'Segundo factor',
    on: 'activado',
    off: 'desactivado',
    about:
      'Un código de una aplicación de su teléfono, que se pide en cada entrada además de la contraseña. Quien solo sabe su contraseña se queda fuera.',
    begin: 'Configurar un segundo factor',
    password: 'Su contraseña',
    next: 'Siguiente',
    scan: 'Escanee esto con una aplicación de códigos (Aegis, Google Authenticator, 2FAS u otra).',
    qr: 'Código QR con el secreto para la aplicación de códigos',
    type: 'No se puede escanear: teclearlo',
    secret: 'Secreto',
    kind: 'Tipo: por tiempo, SHA-1, seis cifras, 30 segundos.',
    code: 'Código que muestra la aplicación',
    confirm: 'Activar',
    confirmed: 'Desde ahora cada entrada necesita un código. Sus otras sesiones se han cerrado.',
    remove: 'Desactivar el segundo factor',
    removed: 'Las entradas ya no necesitan código.',
    lost: '¿Y si pierdo el teléfono?',
    lostAdmin: 'Un administrador puede quitar el segundo factor, en Usuarios y claves de API.',
    lostConsole: 'O quien está ante el equipo y puede entrar en su consola ejecuta allí, como root:',
    command: 'Orden para la consola',
  },
};
