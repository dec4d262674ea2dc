import type { Translated } from '../../text.ts';
import type { dashboard as english } from '../en/dashboard.ts';

export const dashboard: Translated<typeof english> = {
  bars: {
    summary: (title, calls) => `${title}: ${calls} llamadas. Las cifras están en la tabla de abajo.`,
    bar: (when, answered, missed) => `${when}: ${answered} contestadas, ${missed} no`,
    answered: 'Contestadas',
    missed: 'Sin contestar',
    calls: 'Todas',
    when: 'Cuándo',
    table: 'Cifras',
  },
  missed: {
    title: 'Llamadas perdidas por devolver',
    more: 'Todas las perdidas',
    none: 'Nadie espera que le llamen.',
    count: (callers) =>
      callers === '1'
        ? 'A 1 persona no se le ha contestado ni devuelto la llamada.'
        : `A ${callers} personas no se les ha contestado ni devuelto la llamada.`,
    anonymous: 'Número oculto',
    tries: (tries) => `${tries} intentos`,
    to: (dst) => `llamó a ${dst}`,
    trunk: (trunk) => `troncal ${trunk}`,
    by: (who, when) => `${who}, ${when}`,
    tick: 'Hecho',
    tickOf: (name) => `Hecho: ${name}`,
    untick: 'No hecho',
    untickOf: (name) => `No hecho: ${name}`,
    ticked: (name) => `${name}: hecho.`,
    unticked: (name) => `${name} está otra vez en la lista.`,
    undo: 'Deshacer',
    failed: 'No se ha hecho.',
    all: (callers) => `Mostrar los ${callers}`,
    done: 'Hechas últimamente',
    noneDone: 'Ninguna.',
  },
  day: {
    today: 'Hoy',
    more: 'Informe CDR',
    hours: (day) => `Llamadas por hora, ${day}`,
    before: 'El día anterior',
    after: 'El día siguiente',
    choose: 'Día',
    calls: 'Llamadas',
    answered: 'Contestadas',
    missed: 'Sin contestar',
    rate: 'Tasa de respuesta',
    minutes: 'Minutos',
  },
  month: { title: 'Últimos 30 días', more: 'Informe CDR' },
  trunks: {
    title: 'Troncales y puertos',
    more: 'En curso',
    live: (calls) =>
      calls === 0
        ? 'Ninguna llamada en este momento.'
        : calls === 1
          ? '1 llamada en este momento.'
          : `${calls} llamadas en este momento.`,
    away: 'Asterisk no está: no se sabe nada de las llamadas de este momento.',
    none: 'Hoy no hubo llamadas por un troncal.',
    noneThen: 'Ese día no hubo llamadas por un troncal.',
    trunk: 'Troncal',
    now: 'Ahora',
    calls: 'Llamadas',
    rate: 'Contestadas',
  },
  asterisk: {
    title: 'Asterisk',
    more: 'Ajustes de AMI',
    since: 'Conectado',
    states: {
      up: 'Conectado',
      down: 'Sin conexión',
      off: 'Apagado',
      connecting: 'Conectando',
      ok: 'Bien',
      unreadable: 'Ilegible',
      'not listening': 'No escucha',
    },
    parts: { ami: 'AMI para programas', cdr_csv: 'Archivo CDR', https: 'HTTPS' },
  },
  medium: {
    title: 'Medio de grabación',
    more: 'Conservación',
    states: { mounted: 'En su sitio', absent: 'No está', slow: 'Lento', dead: 'No responde' },
    readOnly: 'No se puede escribir',
    used: 'Espacio usado',
    free: (free, total, used) => `${free} de ${total} libres (${used} en uso).`,
    left: 'Alcanza',
    days: (days) => (days === 0 ? 'para menos de un día' : days === 1 ? 'para 1 día más' : `para ${days} días más`),
    unknown: 'no se sabe: últimamente no se grabó nada',
    rate: 'A razón de',
    perDay: (size) => `${size} al día`,
  },
  store: {
    title: 'Registros y copia de seguridad',
    more: 'Copia de seguridad',
    states: {
      ok: 'Todo se guarda',
      full: 'Disco lleno',
      failing: 'El disco falla',
      read_only: 'Disco de solo lectura',
    },
    size: 'Tamaño',
    free: 'Libre en su disco',
    backup: 'Copia',
    backups: { ok: 'Hecha', running: 'En curso', failed: 'Fallida', off: 'Apagada', 'none yet': 'Aún ninguna' },
    up: 'En marcha desde hace',
    upFor: (days, hours, minutes) =>
      days > 0 ? `${days} d ${hours} h` : hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min`,
    version: 'Versión',
  },
  log: {
    title: 'Últimos avisos y errores',
    more: 'Informe de veracidad',
    none: 'Ninguno desde que cdrd arrancó.',
    all: (others) => `${others} más`,
    levels: { warn: 'Aviso', error: 'Error' },
    times: (times) => `${times} veces`,
  },
};
