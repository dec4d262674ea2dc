/** What a share's page says, in the languages of the pages. */

const en = {
  title: (count: number) => (count === 1 ? 'A shared call' : `${count} shared calls`),
  until: (when: string, zone: string) =>
    `This page shows calls that were shared with you. It ends on ${when} (${zone}).`,
  call: (src: string, dst: string) => `${src} to ${dst}`,
  withheld: 'withheld',
  start: 'Began',
  end: 'Ended',
  duration: 'Lasted',
  talk: 'Talk',
  outcome: 'Outcome',
  direction: 'Direction',
  trunks: 'Trunk',
  menu: 'IVR',
  seconds: (seconds: number) => `${seconds} s`,
  legs: 'Records',
  legStart: 'Began',
  legFrom: 'From',
  legTo: 'To',
  legAnswered: 'Answered',
  legEnd: 'Ended',
  recording: 'Recording',
  play: (src: string, dst: string) => `Recording of ${src} to ${dst}`,
  download: 'Download the recording',
  away: 'The recording lies on a medium that is not in place at this moment.',
  unrecorded: 'This call has no recording.',
  gone: 'The recording of this call is not there.',
  notShared: 'Recordings were not shared.',
  outcomes: { ANSWERED: 'answered', BUSY: 'busy', 'NO ANSWER': 'not answered', FAILED: 'failed', CONGESTION: 'failed' },
  directions: {
    Internal: 'internal',
    Inbound: 'inbound',
    Outbound: 'outbound',
    CallBack: 'callback',
    Conference: 'conference',
  },
  nothing: 'There is nothing here',
  nothingWhy: 'The link is wrong, its time is over, or it was revoked. Ask whoever gave it to you for another one.',
  offline: 'The recording can not be had now',
  offlineWhy: 'Try again later.',
};

export type ShareText = typeof en;

const es: ShareText = {
  title: (count) => (count === 1 ? 'Una llamada compartida' : `${count} llamadas compartidas`),
  until: (when, zone) =>
    `Esta página muestra llamadas que se han compartido con usted. Vale hasta el ${when} (${zone}).`,
  call: (src, dst) => `${src} a ${dst}`,
  withheld: 'oculto',
  start: 'Inicio',
  end: 'Fin',
  duration: 'Duración',
  talk: 'Conversación',
  outcome: 'Resultado',
  direction: 'Sentido',
  trunks: 'Troncal',
  menu: 'IVR',
  seconds: (seconds) => `${seconds} s`,
  legs: 'Registros',
  legStart: 'Inicio',
  legFrom: 'De',
  legTo: 'A',
  legAnswered: 'Contestada',
  legEnd: 'Fin',
  recording: 'Grabación',
  play: (src, dst) => `Grabación de ${src} a ${dst}`,
  download: 'Descargar la grabación',
  away: 'La grabación está en un medio que ahora no está conectado.',
  unrecorded: 'Esta llamada no tiene grabación.',
  gone: 'La grabación de esta llamada no está.',
  notShared: 'Las grabaciones no se han compartido.',
  outcomes: {
    ANSWERED: 'contestada',
    BUSY: 'ocupado',
    'NO ANSWER': 'sin respuesta',
    FAILED: 'fallida',
    CONGESTION: 'fallida',
  },
  directions: {
    Internal: 'interna',
    Inbound: 'entrante',
    Outbound: 'saliente',
    CallBack: 'devolución de llamada',
    Conference: 'conferencia',
  },
  nothing: 'Aquí no hay nada',
  nothingWhy: 'El enlace es incorrecto, ha caducado o se ha revocado. Pida otro a quien se lo dio.',
  offline: 'La grabación no está disponible ahora',
  offlineWhy: 'Inténtelo más tarde.',
};

export type Language = 'en' | 'es';

export const TEXTS: Readonly<Record<Language, ShareText>> = { en, es };

/** Of these the one that a browser would rather have. @param accepted Its Accept-Language; '' where there is none. */
export function languageOf(accepted: string): Language {
  const weighed = accepted
    .slice(0, 200)
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.split(';').map((each) => each.trim().toLowerCase());
      const weight = parameters.find((each) => each.startsWith('q='));
      return { tag: tag.split('-')[0], weight: weight ? Number(weight.slice(2)) : 1 };
    });
  const weightOf = (language: Language) =>
    Math.max(0, ...weighed.filter(({ tag }) => tag === language).map(({ weight }) => weight || 0));
  return weightOf('es') > weightOf('en') ? 'es' : 'en';
}
