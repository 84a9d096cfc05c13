// Swagger UI in a real browser, on the demo: staff sign in through the Authorize button, and create a campaign with the
// example body as it stands. Exit status 0 when all of it works.
//
//   CHROMIUM     the browser; else /usr/bin/chromium
//   THIDUA_BIN   the program; else target/debug/thidua
//
// What the browser showed last is in swagger.png, or in swagger-failed.png.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const DEADLINE = 120_000;
const READY_DEADLINE = 60_000;
const STEP_DEADLINE = 20_000;
const BROWSER_FLAGS = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
];

const here = fileURLToPath(new URL('.', import.meta.url));
const project = resolve(here, '../..');
const program = resolve(process.env.THIDUA_BIN || join(process.env.CARGO_TARGET_DIR || join(project, 'target'), 'debug/thidua'));
const browserPath = process.env.CHROMIUM || '/usr/bin/chromium';

const scratch = await mkdtemp(join(tmpdir(), 'thidua-browser-'));
let server;
let serverLog = '';
let context;
let step = 'starting';

function begin(name) {
    step = name;
    console.log(`- ${name}`);
}

// ---- The server ------------------------------------------------------------------------------------------------------

async function freePort() {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address();
    probe.close();
    await once(probe, 'close');
    return port;
}

// Starts the demo away from any settings of whoever runs this, and returns its address once it is ready.
async function startServer() {
    const port = await freePort();
    const isSetting = (name) => name === 'DATABASE_URL' || name.startsWith('THIDUA_');
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !isSetting(name)));
    const args = ['demo', '--listen', `127.0.0.1:${port}`, '--data', join(scratch, 'data')];
    server = spawn(program, args, { cwd: scratch, env, stdio: ['ignore', 'pipe', 'pipe'] });
    server.on('error', (error) => (serverLog += `${error.message}\n`));
    for (const stream of [server.stdout, server.stderr]) {
        stream.setEncoding('utf8').on('data', (text) => (serverLog += text));
    }
    const base = `http://127.0.0.1:${port}`;
    const until = Date.now() + READY_DEADLINE;
    while (!(await isReady(base))) {
        assert.ok(server.pid !== undefined && !hasEnded(), `${program} did not stay up`);
        assert.ok(Date.now() < until, `GET /readyz was not 200 within ${READY_DEADLINE / 1000} s`);
        await sleep(100);
    }
    return base;
}

async function isReady(base) {
    try {
        const response = await fetch(`${base}/readyz`, { signal: AbortSignal.timeout(5_000) });
        await response.arrayBuffer();
        return response.status === 200;
    } catch {
        return false;
    }
}

function hasEnded() {
    return server.exitCode !== null || server.signalCode !== null;
}

async function stopServer() {
    if (server?.pid === undefined || hasEnded()) return;
    const ended = once(server, 'exit');
    server.kill('SIGTERM');
    const isGone = await Promise.race([ended.then(() => true), sleep(10_000, false, { ref: false })]);
    if (!isGone) {
        server.kill('SIGKILL');
        await ended;
    }
}

// ---- The browser -----------------------------------------------------------------------------------------------------

// A browser with a fresh profile, and the list of what went wrong in any of its windows.
async function startBrowser(base) {
    context = await chromium.launchPersistentContext(join(scratch, 'profile'), {
        executablePath: browserPath,
        args: BROWSER_FLAGS,
        headless: true,
        locale: 'en',
        viewport: { width: 1280, height: 1000 },
        timeout: 60_000,
        // Signals are for `finish`.
        handleSIGHUP: false,
        handleSIGINT: false,
        handleSIGTERM: false,
    });
    context.setDefaultTimeout(STEP_DEADLINE);
    const faults = [];
    const isFavicon = (url) => /\/favicon[^/]*$/.test(url);
    context.on('console', (message) => {
        const { url } = message.location();
        if (message.type() === 'error' && !isFavicon(url)) faults.push(`console: ${message.text()} (${url})`);
    });
    context.on('weberror', (error) => faults.push(`uncaught: ${error.error().message}`));
    context.on('request', (request) => {
        const url = new URL(request.url());
        if (url.protocol.startsWith('http') && url.origin !== base) faults.push(`a request to elsewhere: ${url}`);
    });
    return faults;
}

async function assertNone(faults) {
    await sleep(250); // The last of them may still be on their way here.
    assert.deepEqual(faults, [], 'the browser complained');
}

// ---- What is tried ---------------------------------------------------------------------------------------------------

async function signIn(page, staff) {
    begin('Authorize opens the sign-in page');
    await page.locator('.scheme-container button.authorize').click();
    const dialog = page.locator('.dialog-ux .modal-ux');
    const section = dialog.locator('.auth-container').filter({
        has: page.locator('h4', { hasText: /^\s*staff\b.*OAuth2.*authorizationCode/ }),
    });
    assert.equal(await until(section), 1, 'the dialog has no section for `staff` (OAuth2, authorizationCode)');
    const [popup] = await Promise.all([
        context.waitForEvent('page', { timeout: STEP_DEADLINE }),
        section.getByRole('button', { name: /authorize|apply/i }).click(),
    ]);
    await popup.waitForLoadState();
    assert.equal(new URL(popup.url()).pathname, '/oauth/authorize', `the popup is at ${popup.url()}`);

    begin('Signing in closes the popup, and Swagger UI is authorized');
    const visited = [];
    popup.on('framenavigated', (frame) => visited.push(new URL(frame.url()).pathname));
    popup.on('request', (request) => visited.push(new URL(request.url()).pathname));
    await popup.locator('#username').fill(staff.username);
    await popup.locator('#password').fill(staff.password);
    const closed = popup.waitForEvent('close', { timeout: STEP_DEADLINE });
    await popup.locator('button[type=submit]').click({ noWaitAfter: true });
    await closed.catch(async () => {
        const text = await popup.locator('body').innerText().catch(() => '');
        assert.fail(`the popup did not close; it is at ${popup.url()} and says: ${text}`);
    });
    assert.ok(visited.includes('/swagger-ui/oauth2-redirect.html'), `the popup went by ${visited.join(', ')}`);
    await section.locator('button', { hasText: 'Logout' }).waitFor().catch(async () => {
        assert.fail(`no Logout button; the dialog says: ${await section.innerText()}`);
    });
    await section.locator('button', { hasText: 'Close' }).click();
    await dialog.waitFor({ state: 'detached' });
}

// How many there are, once there is one.
async function until(locator) {
    await locator.first().waitFor().catch(() => {});
    return locator.count();
}

async function createCampaign(page, base) {
    begin('POST /v1/campaigns takes the example body as it stands');
    const operation = page.locator('.opblock[id$="-create_campaign"]');
    await operation.locator('.opblock-summary-control').click();
    await operation.getByRole('button', { name: 'Try it out' }).click();
    const body = await operation.locator('.body-param textarea').inputValue();
    assert.equal(typeof JSON.parse(body).title, 'string', `the example body has no title: ${body}`);
    const [response] = await Promise.all([
        page.waitForResponse((one) => one.request().method() === 'POST' && one.url() === `${base}/v1/campaigns`),
        operation.getByRole('button', { name: 'Execute' }).click(),
    ]);
    const text = await response.text();
    assert.equal(response.status(), 201, `it answered ${response.status()}: ${text}\nto: ${body}`);
    const campaign = JSON.parse(text);
    assert.equal(campaign.title, JSON.parse(body).title, `the new campaign has another title: ${text}`);

    begin('Swagger UI shows the new campaign');
    const live = operation.locator('.live-responses-table');
    await live.waitFor();
    assert.match(await live.locator('tbody .response-col_status').first().innerText(), /^\s*201\b/);
    const shown = await live.locator('.response-col_description').last().innerText();
    assert.ok(shown.includes(campaign.title), `the shown response has no campaign title: ${shown}`);
    await live.scrollIntoViewIfNeeded();
}

async function run() {
    for (const name of ['swagger.png', 'swagger-failed.png']) await rm(join(here, name), { force: true });

    begin('The demo gets ready');
    const base = await startServer();
    const { staff } = JSON.parse(await readFile(join(scratch, 'data/demo-credentials.json'), 'utf8'));

    begin('Chromium starts');
    const faults = await startBrowser(base);
    const page = context.pages()[0] ?? (await context.newPage());

    begin('/swagger-ui/ shows operations');
    const answer = await page.goto(`${base}/swagger-ui/`);
    assert.equal(answer.status(), 200, `/swagger-ui/ answered ${answer.status()}`);
    const tag = page.locator('.opblock-tag[data-tag="campaigns"]');
    assert.equal(await until(tag), 1, 'there is no group `campaigns`');
    await tag.click();
    const operations = await until(page.locator('.opblock'));
    assert.ok(operations > 1, `the group \`campaigns\` shows ${operations} operations`);
    assert.equal(await page.locator('.errors-wrapper').count(), 0, 'Swagger UI reports errors in the document');
    await assertNone(faults);

    await signIn(page, staff);
    await createCampaign(page, base);
    await page.screenshot({ path: join(here, 'swagger.png') });

    begin('No errors in the console, and no request to elsewhere');
    await assertNone(faults);
}

// ---- The end ---------------------------------------------------------------------------------------------------------

async function photographFailure() {
    const pages = context?.pages() ?? [];
    await pages.at(-1)?.screenshot({ path: join(here, 'swagger-failed.png'), timeout: 5_000 }).catch(() => {});
}

let isEnding = false;
async function finish(error) {
    if (isEnding) return;
    isEnding = true;
    if (error) {
        console.error(`FAILED at "${step}": ${error.message}`);
        if (serverLog) console.error(`The end of the server's log:\n${serverLog.slice(-3000)}`);
        await photographFailure();
    } else {
        console.log('Swagger UI works in a browser.');
    }
    await Promise.race([context?.close().catch(() => {}), sleep(10_000, undefined, { ref: false })]);
    await stopServer();
    await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
    process.exit(error ? 1 : 0);
}

const tooLong = setTimeout(() => finish(new Error(`not done within ${DEADLINE / 1000} s`)), DEADLINE);
tooLong.unref();
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) process.once(signal, () => finish(new Error(`ended by ${signal}`)));
// Whoever reads this may leave; the server may not stay.
for (const output of [process.stdout, process.stderr]) output.on('error', () => {});
process.once('exit', () => server?.kill('SIGKILL'));
await run().then(() => finish(), finish);
