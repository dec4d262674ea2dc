/** Where the pages begin: the texts that all share, then whatever the address says. */
import { render } from 'preact';
import { App } from './app.tsx';
import { language, loadText } from './text.ts';

document.documentElement.lang = language;
await loadText('common');
const root = document.getElementById('app');
if (root) render(<App />, root);
