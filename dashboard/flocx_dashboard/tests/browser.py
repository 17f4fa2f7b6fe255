# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium that somebody sits at."""

import json
import pathlib
import shutil
import subprocess
import tarfile
import unittest

from selenium import webdriver
from selenium.common import exceptions
from selenium.webdriver.chrome import service
from selenium.webdriver.common import action_chains
from selenium.webdriver.common import by
from selenium.webdriver.common import keys
from selenium.webdriver.support import ui
from selenium.webdriver.support import wait

CHROMIUM = shutil.which('chromium') or shutil.which('chromium-browser')
DRIVER = shutil.which('chromedriver')
NPM = shutil.which('npm')
ARGUMENTS = (
    '--headless=new',
    '--no-sandbox',
    '--disable-dev-shm-usage',
    '--disable-gpu',
    # It asks its maker for nothing, which nobody here could answer.
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-extensions',
    '--disable-sync',
    '--window-size=1280,900',
)
#: Seconds until what is waited for has to be there, on a busy machine too.
PAGE_TIMEOUT = 90
#: Whether an element has the focus.
IS_FOCUSED = 'return document.activeElement === arguments[0];'
#: How often the Tab key is pressed until something has to be reached.
MOST_TABS = 300
#: What a click may meet while a page is still being put together.
PASSING = (
    exceptions.NoSuchElementException,
    exceptions.StaleElementReferenceException,
    exceptions.ElementNotInteractableException,
    exceptions.ElementClickInterceptedException,
)

#: Texts of ours, links and disabled things aside, whose colour differs from what is
#: behind them by less than the Web Content Accessibility Guidelines ask for, 4.5 to 1.
FAINT = """
const parts = colour => colour.match(/[\\d.]+/g).map(Number);
const opaque = colour => colour !== 'none' && (parts(colour)[3] ?? 1) > 0.99;
const light = colour => parts(colour).slice(0, 3)
  .map(each => each / 255)
  .map(each => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
  .reduce((sum, each, at) => sum + each * [0.2126, 0.7152, 0.0722][at], 0);
const behind = element => {
  const bar = element.closest('.flocx-bar, .flocx-cell');
  if (bar) {
    return getComputedStyle(bar.querySelector('rect')).fill;
  }
  for (let each = element; each; each = each.parentElement) {
    const colour = getComputedStyle(each).backgroundColor;
    if (opaque(colour)) {
      return colour;
    }
  }
  return 'rgb(255, 255, 255)';
};
return [...document.querySelectorAll('[class*=flocx-], [class*=flocx-] *')]
  .filter(each => !each.closest('a, title, :disabled') && each.getClientRects().length)
  .filter(each => [...each.childNodes].some(
    node => node.nodeType === Node.TEXT_NODE && node.data.trim()))
  .map(each => {
    const style = getComputedStyle(each);
    const front = each.closest('svg') ? style.fill : style.color;
    const shades = [light(front), light(behind(each))].sort((a, b) => b - a);
    const ratio = (shades[0] + 0.05) / (shades[1] + 0.05);
    return [each.textContent.trim(), each.getAttribute('class'), ratio];
  })
  .filter(each => each[2] < 4.5);
"""


#: Looks for barriers in pages; it comes from npm, as no Python package has it.
AXE = 'axe-core@4.10.3'


def axe(folder):
    """The script of axe-core, fetched once into a folder.

    :raises SkipTest: the registry of npm does not answer.
    """
    script = pathlib.Path(folder) / f'{AXE}.js'
    if not script.exists():
        script.parent.mkdir(parents=True, exist_ok=True)
        packed = subprocess.run(
            [NPM, 'pack', '--silent', AXE],
            cwd=script.parent,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        ).stdout.split()
        if not packed:
            raise unittest.SkipTest('npm cannot fetch axe-core')
        with tarfile.open(script.parent / packed[-1]) as archive:
            member = archive.extractfile('package/axe.min.js')
            script.write_bytes(member.read())
    return script.read_text()


def missing():
    """Why there can be no browser, or None."""
    if not CHROMIUM or not DRIVER:
        return 'Chromium and its driver are not installed (bindep.txt)'
    return None


class Browser:
    """One person's browser, at one Horizon."""

    def __init__(self, url, pictures):
        """:param pictures: the folder for the screenshots."""
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for argument in ARGUMENTS:
            options.add_argument(argument)
        options.set_capability(
            'goog:loggingPrefs', {'browser': 'ALL', 'performance': 'ALL'}
        )
        self._driver = webdriver.Chrome(options, service.Service(DRIVER))
        self._url, self._pictures = url, pathlib.Path(pictures)

    def close(self):
        self._driver.quit()

    def log_in(self, user, password):
        self.open('/auth/login/')
        self.fill(username=user, password=password)
        self.click('#loginBtn')
        self.see('#sidebar')

    def work_in(self, project):
        """Choose one of the user's projects, which Horizon does by its own lights.

        Its menu is not ours, so everybody points at it.
        """
        if self.see('.context-project').text == project:
            return
        Browser.click(self, '.context-project')
        # One of them may be called like the beginning of another.
        self.until(
            lambda: next(
                (
                    each
                    for each in self._driver.find_elements(
                        by.By.CSS_SELECTOR, '.context-selection .dropdown-title'
                    )
                    if each.text == project
                ),
                None,
            )
        ).click()
        self.until(lambda: self.see('.context-project').text == project)

    def open(self, path):
        self._driver.get(self._url + path)

    def until(self, look):
        """What ``look()`` finds, once it finds something.

        :raises AssertionError: it finds nothing; with what is on the page instead, of
            which there is a picture, too.
        """
        waiting = wait.WebDriverWait(
            self._driver, PAGE_TIMEOUT, 0.2, ignored_exceptions=PASSING
        )
        try:
            return waiting.until(lambda _driver: look())
        except exceptions.TimeoutException:
            self.picture('stuck')
            shown = self._driver.find_element(by.By.TAG_NAME, 'body').text
            raise AssertionError(f'{self.path} shows:\n{shown}') from None

    def find(self, selector, text=''):
        """The first visible element with that text in it, or None."""
        for each in self._driver.find_elements(by.By.CSS_SELECTOR, selector):
            if each.is_displayed() and text in each.text:
                return each
        return None

    def see(self, selector, text=''):
        return self.until(lambda: self.find(selector, text))

    def click(self, selector, text=''):
        def clicked():
            found = self.find(selector, text)
            if found:
                found.click()
            return bool(found)

        self.until(clicked)

    def fill(self, form='', **fields):
        """Type into the fields of a form, by name."""
        for name, value in fields.items():
            element = self.see(f'{form} [name={name}]')
            if element.tag_name == 'select':
                ui.Select(element).select_by_value(value)
            else:
                element.clear()
                element.send_keys(value)

    def press(self, selector, *pressed):
        """Press keys at an element, without the mouse."""
        self.see(selector).send_keys(*pressed)

    def reach(self, selector, text=''):
        """Go by the Tab key to an element, as whoever has no mouse does."""
        wanted = self.see(selector, text)
        for _ in range(MOST_TABS):
            try:
                if self._driver.execute_script(IS_FOCUSED, wanted):
                    return
            except PASSING:
                # Some rows look again by themselves, and are others then.
                wanted = self.see(selector, text)
            action_chains.ActionChains(self._driver).send_keys(keys.Keys.TAB).perform()
        raise AssertionError(f'{selector} is not reached by the Tab key')

    def type_at(self, selector, *pressed, text=''):
        """Go to an element by the Tab key, and press keys there."""
        self.reach(selector, text)
        action_chains.ActionChains(self._driver).send_keys(*pressed).perform()

    def choose_cells(self, calendar, first, last):
        """Drag the mouse over the cells of a calendar with these numbers, from 0."""
        self.see(calendar)
        cells = self._driver.find_elements(
            by.By.CSS_SELECTOR, f'{calendar} .flocx-cell'
        )
        actions = action_chains.ActionChains(self._driver)
        actions.click_and_hold(cells[first]).move_to_element(cells[last])
        actions.release().perform()

    def unfold(self, selector):
        """Show what is behind a summary."""
        self.click(selector)

    def address(self, selector, text=''):
        """Where a link leads to, without this site's own address."""
        return self.see(selector, text).get_attribute('href').removeprefix(self._url)

    def value(self, selector):
        return self.see(selector).get_property('value')

    def see_again(self, path, selector, text):
        """Look at a page until it shows something that others bring about."""

        def shown():
            self.open(path)
            return self.find(selector, text)

        return self.until(shown)

    @property
    def path(self):
        return self._driver.current_url.removeprefix(self._url)

    def picture(self, name, height=900, width=1280):
        """Keep what is to be seen; by how many pixels the page is wider than that."""
        self._pictures.mkdir(parents=True, exist_ok=True)
        self._driver.set_window_size(width, height)
        self._driver.execute_script(
            'document.querySelectorAll(".modal").forEach(each => each.scrollTop = 0);'
        )
        self._driver.save_screenshot(str(self._pictures / f'{name}.png'))
        hidden = self.overhang()
        self._driver.set_window_size(1280, 900)
        return hidden

    def overhang(self):
        """By how many pixels the page is wider than the window."""
        return self._driver.execute_script(
            'let page = document.documentElement;'
            'return page.scrollWidth - page.clientWidth;'
        )

    def wear(self, styles):
        """Show the page in other styles.

        :param styles: the text of a style sheet.
        """
        self._driver.execute_script(
            'document.querySelectorAll("[rel=stylesheet], style").forEach('
            'each => each.remove());'
            'let style = document.createElement("style");'
            'style.textContent = arguments[0];'
            'document.head.append(style);',
            styles,
        )

    def faint(self):
        """What is hard to read on the page: text, class and ratio of contrast."""
        return self._driver.execute_script(FAINT)

    def barriers(self, axe):
        """What axe-core finds serious or worse in what is ours of a page.

        Contrast is left to :meth:`faint`: the colours of links are the theme's. So are
        the arrows behind which Horizon has the further actions of a row.

        :param axe: the text of its script.
        """
        self._driver.set_script_timeout(PAGE_TIMEOUT)
        self._driver.execute_script(axe)
        found = self._driver.execute_async_script(
            'let done = arguments[arguments.length - 1];'
            "axe.run({include: [['#content_body']], exclude: [['.dropdown-toggle']]},"
            "{resultTypes: ['violations'],"
            "rules: {'color-contrast': {enabled: false}}})"
            '.then(each => done(each.violations), error => done(String(error)));'
        )
        return [
            f'{each["id"]}: {node["html"][:160]}'
            for each in found
            if each['impact'] in ('serious', 'critical')
            for node in each['nodes'][:3]
        ]

    @property
    def title(self):
        return self._driver.title

    def slip_in(self, script):
        """Put a script into the page, as text that is not escaped would."""
        self._driver.execute_script(
            'let element = document.createElement("script");'
            'element.textContent = arguments[0];'
            'document.body.append(element);',
            script,
        )

    def complaints(self):
        """What the browser itself found wrong."""
        return [
            entry['message']
            for entry in self._driver.get_log('browser')
            if entry['level'] == 'SEVERE'
        ]

    def asked(self):
        """The URLs that were asked for."""
        for entry in self._driver.get_log('performance'):
            message = json.loads(entry['message'])['message']
            if message['method'] == 'Network.requestWillBeSent':
                yield message['params']['request']['url']
