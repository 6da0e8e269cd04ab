"""The first page: a trainee's own, or the public face."""
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def home(request: HttpRequest) -> HttpResponse:
    return render(request, "academy/home_public.html")
