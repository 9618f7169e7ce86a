import { render } from 'preact';
import type { ReportPage } from '../../../glore/src/view/wire.js';
import '../theme.css';

const page = JSON.parse(document.getElementById('data')!.textContent!) as ReportPage;
render(<h1>{page.run.name}</h1>, document.getElementById('app')!);
