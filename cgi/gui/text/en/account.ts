/** Texts of Account. */
import { sessions } from './sessions.ts';

export const account = {
  sessions,
  who: (user: string) => `You are ${user}`,
  roles: {
    admin: 'Administrator: you may do everything.',
    monitor: 'Monitor: you look after the recordings and what is recorded.',
  },
  password: {
    title: 'Password',
    initial: 'Your password is still the one that somebody else gave you. Choose one of your own.',
    change: 'Change password',
    done: 'The password is changed, and your other sessions have ended.',
  },
  factor: {
    title: 'Second factor',
    on: 'on',
    off: 'off',
    about:
      'A code from an app on your phone, asked for at each log-in besides the password. Who only knows your password stays outside.',
    begin: 'Set up a second factor',
    password: 'Your password',
    next: 'Next',
    scan: 'Scan this with an authenticator app (Aegis, Google Authenticator, 2FAS or another).',
    qr: 'QR code with the secret for the authenticator app',
    type: 'It can not be scanned: type it in',
    secret: 'Secret',
    kind: 'Kind: time-based, SHA-1, six digits, 30 seconds.',
    code: 'Code that the app shows',
    confirm: 'Switch on',
    confirmed: 'From now on a log-in needs a code. Your other sessions have ended.',
    remove: 'Switch off the second factor',
    removed: 'Log-ins need no code any more.',
    lost: 'What if I lose the phone?',
    lostAdmin: 'An administrator can take the second factor away, under Users and API Keys.',
    lostConsole: 'Or whoever stands at the box and may log in to its console runs there, as root:',
    command: 'Command for the console',
  },
};
