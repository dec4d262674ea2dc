import type { Translated } from '../../text.ts';
import type { doctor as english } from '../en/doctor.ts';

export const doctor: Translated<typeof english> = {
  about:
    'La centralita se examina a sí misma. Lo que solo root ve (quién ocupa un puerto, si Asterisk puede escribir una grabación) lo dice en la propia centralita: cdrd doctor',
  again: 'Examinar de nuevo',
  running: 'Examinando …',
  bundle: 'Archivo de soporte',
  bundleHint:
    'El archivo de soporte es para quien ayuda a distancia: estos hallazgos, estado, cifras, registro y ajustes, sin secretos, números de teléfono ni nombres. Es texto: léalo antes de enviarlo.',
  verdicts: {
    ok: 'Todo está bien',
    warning: 'Funciona, con avisos',
    fault: 'Algo va mal',
  },
  counts: (faults, warnings, well) =>
    `${faults} ${faults === 1 ? 'fallo' : 'fallos'}, ${warnings} ${warnings === 1 ? 'aviso' : 'avisos'}, ${well} en orden`,
  at: (time) => `Examinada el ${time}.`,
  states: { ok: 'en orden', warning: 'aviso', fault: 'fallo' },
  mend: 'Se arregla así, como root en la centralita:',
  mendOf: (check) => `Orden que arregla ${check}`,
  groups: {
    daemon: 'El propio cdrd',
    asterisk: 'Asterisk',
    ports: 'Puertos',
    permitted: 'Quién puede entrar',
    cdr: 'Registros de llamadas',
    dialplan: 'Plan de marcación',
    recordings: 'Grabaciones',
    medium: 'Soporte',
    clock: 'Reloj',
    trunks: 'Troncales',
    certificate: 'Certificado',
    store: 'Almacén',
    state: 'Carpeta de estado',
    alarms: 'Alarmas',
    config: 'Configuración',
  },
};
