/** The report: a page of its own that opens from disk, with its data in it. */
import { render } from 'preact';
import type { ReportPage } from '../../../glore/src/view/wire.js';
import { Report } from './report.js';
import '../theme.css';
import '../figures/figures.css';

const page = JSON.parse(document.getElementById('data')!.textContent!) as ReportPage;
render(<Report page={page} />, document.getElementById('app')!);
