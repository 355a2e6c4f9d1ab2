/* SPDX-License-Identifier: Apache-2.0 */
/* strftime_now: a time that is an argument of the rendering, as Python's strftime writes it in the C locale. */
#include "template/function.h"
#include "template/render.h"

#include <string.h>

struct date {
    int64_t year;
    unsigned month, day, weekday, yearday; /* month and day from 1, weekday 0 is Sunday, yearday from 1 */
    unsigned hour, minute, second;
};

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* The proleptic Gregorian calendar. */
static void split_time(struct date *d, int64_t seconds)
{
    static const unsigned char lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t days = seconds / 86400;
    unsigned rest = (unsigned)(seconds % 86400);
    *d = (struct date){.year = 1970, .month = 1, .hour = rest / 3600, .minute = rest / 60 % 60, .second = rest % 60};
    d->weekday = (unsigned)((days + 4) % 7);
    for (int64_t year_len; days >= (year_len = is_leap(d->year) ? 366 : 365); d->year++)
        days -= year_len;
    d->yearday = (unsigned)days + 1;
    for (int64_t len; days >= (len = lengths[d->month - 1] + (d->month == 2 && is_leap(d->year))); d->month++)
        days -= len;
    d->day = (unsigned)days + 1;
}

static void add_number(struct render *r, int64_t number, unsigned width, char fill)
{
    char digits[NUMBER_TEXT_MAX];
    size_t n = number_integer(digits, number);
    for (size_t i = n; i < width; i++)
        area_add(r, &r->texts, &fill, 1, FROM_TEMPLATE);
    area_add(r, &r->texts, digits, n, FROM_TEMPLATE);
}

static void add_name(struct render *r, const char *name, bool cut)
{
    area_add(r, &r->texts, name, cut ? 3 : strlen(name), FROM_TEMPLATE);
}

static bool add_field(struct render *r, const struct date *d, char field);

static void add_all(struct render *r, const struct date *d, const char *format)
{
    for (; *format != '\0'; format++) {
        if (*format == '%')
            add_field(r, d, *++format);
        else
            area_add(r, &r->texts, format, 1, FROM_TEMPLATE);
    }
}

static bool add_field(struct render *r, const struct date *d, char field)
{
    static const char *const months[] = {"January", "February", "March",     "April",   "May",      "June",
                                         "July",    "August",   "September", "October", "November", "December"};
    static const char *const weekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                           "Thursday", "Friday", "Saturday"};
    unsigned hour = d->hour % 12 == 0 ? 12 : d->hour % 12;
    switch (field) {
    case 'Y': add_number(r, d->year, 1, '0'); return true;
    case 'y': add_number(r, d->year % 100, 2, '0'); return true;
    case 'm': add_number(r, d->month, 2, '0'); return true;
    case 'd': add_number(r, d->day, 2, '0'); return true;
    case 'e': add_number(r, d->day, 2, ' '); return true;
    case 'j': add_number(r, d->yearday, 3, '0'); return true;
    case 'H': add_number(r, d->hour, 2, '0'); return true;
    case 'I': add_number(r, hour, 2, '0'); return true;
    case 'M': add_number(r, d->minute, 2, '0'); return true;
    case 'S': add_number(r, d->second, 2, '0'); return true;
    case 'p': add_name(r, d->hour < 12 ? "AM" : "PM", false); return true;
    case 'B': add_name(r, months[d->month - 1], false); return true;
    case 'b':
    case 'h': add_name(r, months[d->month - 1], true); return true;
    case 'A': add_name(r, weekdays[d->weekday], false); return true;
    case 'a': add_name(r, weekdays[d->weekday], true); return true;
    case 'w': add_number(r, d->weekday, 1, '0'); return true;
    case 'u': add_number(r, d->weekday == 0 ? 7 : d->weekday, 1, '0'); return true;
    case 'F': add_all(r, d, "%Y-%m-%d"); return true;
    case 'T':
    case 'X': add_all(r, d, "%H:%M:%S"); return true;
    case 'R': add_all(r, d, "%H:%M"); return true;
    case 'D':
    case 'x': add_all(r, d, "%m/%d/%y"); return true;
    case 'c': add_all(r, d, "%a %b %e %H:%M:%S %Y"); return true;
    case 'Z': /* Python's datetime.now() has no zone */
    case 'z': return true;
    case 'n': add_name(r, "\n", false); return true;
    case 't': add_name(r, "\t", false); return true;
    case '%': add_name(r, "%", false); return true;
    default: return false;
    }
}

struct value time_text(struct render *r, struct value format)
{
    size_t start = r->texts.used;
    struct date d;
    if (format.kind != VALUE_TEXT || r->input->now_s / 86400 > 3650000) {
        render_fail(r, STATUS_USAGE, "strftime_now needs a format, and a time before the year 10000", NULL);
        return format;
    }
    split_time(&d, r->input->now_s);
    for (size_t at = 0; at < format.len && render_charge(r, 1); at++) {
        bool field = format.as.text[at] == '%' && at + 1 < format.len;
        if (field && format.as.text[at + 1] == '-' && at + 2 < format.len)
            render_fail(r, STATUS_UNSUPPORTED, "strftime_now: %- is not supported", NULL);
        if (field && add_field(r, &d, (char)format.as.text[at + 1]))
            at++;
        else if (field)
            render_fail(r, STATUS_UNSUPPORTED, "strftime_now does not know the field:", &format);
        else
            area_add_from(r, &r->texts, format, at, 1);
    }
    return text_end(r, start);
}
