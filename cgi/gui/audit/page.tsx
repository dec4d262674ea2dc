/** Who did what: newest first, as far back as one scrolls; what stands in the address bar is the filter. */
import { Page } from '../parts/page.tsx';
import { Chains } from './chains.tsx';
import { AuditFilterForm } from './filter.tsx';
import { AuditLines } from './lines.tsx';

export default function Audit() {
  return (
    <Page name="audit">
      <AuditFilterForm />
      <Chains />
      <AuditLines />
    </Page>
  );
}
