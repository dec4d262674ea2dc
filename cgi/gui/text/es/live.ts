import type { Translated } from '../../text.ts';
import type { live as english } from '../en/live.ts';

export const live: Translated<typeof english> = {
  list: 'Llamadas en curso',
  count: (calls, recorded) =>
    calls === 0
      ? 'Ninguna llamada en este momento'
      : `${calls === 1 ? '1 llamada' : `${calls} llamadas`}, ${recorded} con grabación`,
  empty: 'Ninguna llamada en este momento. Aparecen aquí por sí solas.',
  open: 'En directo',
  connecting: 'Conectando …',
  notLive: 'Sin conexión',
  lost: 'Se ha perdido la conexión con la central.',
  lostAsOf: (time) => `Lo que se ve aquí era así a las ${time}.`,
  retry: (seconds) => (seconds > 0 ? `Próximo intento en ${seconds} s` : 'Intentando …'),
  now: 'Intentar ahora',
  asteriskDown: 'Asterisk no está.',
  asteriskDownWhy: 'No se sabe nada de las llamadas hasta que vuelva; entonces aparecen aquí por sí solas.',
  states: { dialling: 'Marcando', ringing: 'Sonando', up: 'Hablando', held: 'En espera', over: 'Terminada' },
  types: {
    Inbound: 'Entrante',
    Outbound: 'Saliente',
    Internal: 'Interna',
    CallBack: 'Devolución',
    Conference: 'Conferencia',
  },
  from: 'De',
  to: 'a',
  by: (lines) => `troncal ${lines}`,
  port: (port) => `puerto ${port}`,
  since: 'Desde hace',
  talking: 'Hablando desde hace',
  unknown: 'número desconocido',
  recordings: { on: 'Grabando', paused: 'Grabación en pausa', off: 'Sin grabar' },
  pause: 'Pausar',
  resume: 'Reanudar',
  pauseOf: (from, to) => `Pausar la grabación de ${from} a ${to}`,
  resumeOf: (from, to) => `Reanudar la grabación de ${from} a ${to}`,
  paused: 'La grabación está en pausa: el archivo contiene silencio hasta que siga.',
  resumed: 'La grabación sigue.',
  pauseFailed: 'No se ha hecho.',
};
